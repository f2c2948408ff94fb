#!/bin/sh
# Inside the Dockerfile: install a hash-locked file of requirements into /venv, and list what is there (CycloneDX).
set -eu

tools/bin/python -m pip --python /venv/bin/python install --quiet --require-hashes --requirement "$1"
tools/bin/cyclonedx-py environment --output-reproducible --output-format JSON --output-file /venv/sbom.cdx.json /venv
