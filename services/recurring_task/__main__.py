"""`python -m services.recurring_task`: serve until SIGTERM or SIGINT."""

from components.catalogue import RECURRING_TASK
from services.kit.app import serve
from services.recurring_task.app import build

if __name__ == "__main__":
    serve(build, RECURRING_TASK)
