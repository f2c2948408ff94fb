"""`python -m services.notification`: run the notification service."""

from components.catalogue import NOTIFICATION
from services.kit.app import serve
from services.notification.app import build

if __name__ == "__main__":
    serve(build, NOTIFICATION)
