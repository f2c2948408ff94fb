"""`python -m services.audit`: serve until SIGTERM or SIGINT."""

from components.catalogue import AUDIT
from services.audit.app import build
from services.kit.app import serve

if __name__ == "__main__":
    serve(build, AUDIT)
