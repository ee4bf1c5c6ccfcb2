# Rinkside's app for others, on the CPU; how to run it and what its visitors may do: docs/hosting.md.
# For a Space on a GPU see docs/space.md.
FROM python:3.12-slim

# PyTorch's own index has the CPU build, 0.2 GB in place of 3 GB; all else comes from PyPI.
COPY requirements.txt constraints.txt /tmp/
RUN pip install --no-cache-dir --root-user-action=ignore \
      --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
 && pip install --no-cache-dir --root-user-action=ignore \
      -r /tmp/requirements.txt -c /tmp/constraints.txt \
 && rm /tmp/requirements.txt /tmp/constraints.txt

WORKDIR /app
COPY app.py LICENSE NOTICE ./
COPY models models
COPY pipeline pipeline
COPY assets assets
COPY checkpoints checkpoints
COPY ui ui

# Everything that is written goes to /tmp, so the rest may be read-only; a home is not needed.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    TMPDIR=/tmp \
    RINKSIDE_CACHE=/tmp/rinkside-cache

USER 1000:1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/theme.css', timeout=8)"]
CMD ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
