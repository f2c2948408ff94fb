"""Run the backend: `python -m services.backend`."""

from components.catalogue import BACKEND
from services.backend.app import build
from services.kit.app import serve

if __name__ == "__main__":
    serve(build, BACKEND)
