# The web pages and the API, as a user without rights, on a root file system that may be read-only:
#   docker build -t recommend .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --publish 8000:8000 recommend
# Facts and rules of your own: --volume ./facts:/facts:ro --volume ./rules:/rules:ro … recommend serve … --facts /facts --rules /rules
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY . /source
RUN python -m venv /app && /app/bin/pip install --no-cache-dir "/source[web]"
# What has been checked once is kept, so that a worker starts in a second.
RUN RECOMMEND_CACHE=/cache /app/bin/recommend check > /dev/null

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin recommend
COPY --from=build /app /app
COPY --from=build --chown=10001:10001 /cache /cache
ENV PATH=/app/bin:$PATH RECOMMEND_CACHE=/cache PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000 9090
HEALTHCHECK --start-period=20s --interval=10s --timeout=3s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/-/live', timeout=2)"]
ENTRYPOINT ["recommend"]
CMD ["serve", "--host", "0.0.0.0", "--workers", "2", "--log-format", "json", "--metrics-port", "9090"]
