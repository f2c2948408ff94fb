# The images of the services: one target each, named for the app id in components/catalogue.py. `make images` builds
# them all; one alone: docker build --target backend --tag task-platform/backend .
#
# BASE_IMAGE is any image with Python 3.11, which requirements/ is resolved for, and its venv module. It is named with
# its registry, since buildah assumes none.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

# A virtual environment without pip, and in it what every service needs; the tools stay behind in this stage.
FROM ${BASE_IMAGE} AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements/image.txt requirements/kit.txt infra/image-packages.sh ./
RUN python3 -m venv tools \
    && tools/bin/python -m pip install --quiet --require-hashes --requirement image.txt \
    && python3 -m venv --without-pip /venv \
    && ./image-packages.sh kit.txt

FROM packages AS backend-packages
COPY requirements/backend.txt ./
RUN ./image-packages.sh backend.txt

FROM packages AS frontend-packages
COPY requirements/frontend.txt ./
RUN ./image-packages.sh frontend.txt

FROM packages AS notification-packages
COPY requirements/notification.txt ./
RUN ./image-packages.sh notification.txt

FROM packages AS recurring-task-packages
COPY requirements/recurring-task.txt ./
RUN ./image-packages.sh recurring-task.txt

FROM packages AS audit-packages
COPY requirements/audit.txt ./
RUN ./image-packages.sh audit.txt

# The code, compiled here, since nobody can write to the file system where it runs.
FROM ${BASE_IMAGE} AS code
WORKDIR /app
COPY components components
COPY services services
RUN python3 -m compileall -q --invalidation-mode unchecked-hash components services

# What all services run in: no package manager's cache, no shell script, a user without a name or a home.
FROM ${BASE_IMAGE} AS runtime
ARG BASE_IMAGE
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="task-platform" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}" \
      task-platform.sbom="/venv/sbom.cdx.json"
ENV PATH=/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=code /app/components components
COPY --from=code /app/services/__init__.py services/
COPY --from=code /app/services/kit services/kit
USER 10001:10001

FROM runtime AS backend
LABEL org.opencontainers.image.title="backend" \
      org.opencontainers.image.description="Task platform: tasks, the only writer of them"
COPY --from=backend-packages /venv /venv
COPY --from=code /app/services/backend services/backend
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "services.kit.alive", "backend"]
CMD ["python", "-m", "services.backend"]

FROM runtime AS frontend
LABEL org.opencontainers.image.title="frontend" \
      org.opencontainers.image.description="Task platform: web page, gateway and live updates"
COPY --from=frontend-packages /venv /venv
COPY contracts contracts
COPY --from=code /app/services/frontend services/frontend
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "services.kit.alive", "frontend"]
CMD ["python", "-m", "services.frontend"]

FROM runtime AS notification
LABEL org.opencontainers.image.title="notification" \
      org.opencontainers.image.description="Task platform: reminders, delivered in-app, by e-mail and by webhook"
COPY --from=notification-packages /venv /venv
COPY --from=code /app/services/notification services/notification
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "services.kit.alive", "notification"]
CMD ["python", "-m", "services.notification"]

FROM runtime AS recurring-task
LABEL org.opencontainers.image.title="recurring-task" \
      org.opencontainers.image.description="Task platform: the next occurrence of a recurring task"
COPY --from=recurring-task-packages /venv /venv
COPY --from=code /app/services/recurring_task services/recurring_task
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "services.kit.alive", "recurring-task"]
CMD ["python", "-m", "services.recurring_task"]

FROM runtime AS audit
LABEL org.opencontainers.image.title="audit" \
      org.opencontainers.image.description="Task platform: the append-only trail of every change"
COPY --from=audit-packages /venv /venv
COPY --from=code /app/services/audit services/audit
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "services.kit.alive", "audit"]
CMD ["python", "-m", "services.audit"]
