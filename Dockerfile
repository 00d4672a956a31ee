# One image for every process of the portal: search service, CKAN web, job worker, set-up.
# docker-compose.yml says which command runs where.
ARG PYTHON=python:3.12-slim-bookworm

FROM ${PYTHON} AS packages
COPY requirements.txt /tmp/requirements.txt
COPY requirements/server.txt /tmp/requirements/server.txt
RUN python -m venv /opt/myk \
 && /opt/myk/bin/pip install --no-cache-dir -r /tmp/requirements.txt -r /tmp/requirements/server.txt

FROM ${PYTHON}
RUN groupadd --system --gid 5000 myk \
 && useradd --system --uid 5000 --gid myk --home-dir /var/lib/myk --create-home myk \
 && mkdir /var/lib/myk/search && chown -R myk:myk /var/lib/myk
COPY --from=packages /opt/myk /opt/myk
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY ckanext-myk ckanext-myk
COPY harvesters harvesters
COPY indexer indexer
COPY myk myk
COPY search search
COPY sample sample
COPY config config
RUN /opt/myk/bin/pip install --no-cache-dir --no-deps --no-build-isolation \
      --config-settings editable_mode=compat -e . -e ./ckanext-myk
ENV PATH=/opt/myk/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MYK_HOME=/var/lib/myk \
    MYK_HOST=0.0.0.0 \
    MYK_SEARCH_HOST=0.0.0.0 \
    MYK_SEARCH_FOLDER=/var/lib/myk/search
USER myk
EXPOSE 5000 5001
CMD ["python", "-m", "myk.stack.container", "web"]
