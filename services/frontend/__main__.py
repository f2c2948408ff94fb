"""`python -m services.frontend` runs the service."""

from components.catalogue import FRONTEND
from services.frontend.app import build
from services.kit.app import serve

if __name__ == "__main__":
    serve(build, FRONTEND)
