# One image for every process of the suite; which one it is, its command says (python -m suite apart --help).

FROM python:3.13-slim AS packages
RUN python3 -m venv /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.lock \
 && /opt/venv/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim AS suite
RUN groupadd --system --gid 10001 suite \
 && useradd --system --uid 10001 --gid suite --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin suite \
 && install -d -o suite -g suite -m 0750 /var/lib/pep-suite /var/lib/pep-suite-anchors
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/pep-suite
COPY shared shared
COPY services services
COPY suite suite
RUN /opt/venv/bin/python -m compileall -q shared services suite
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONSAFEPATH=1 PYTHONPATH=/opt/pep-suite
USER 10001:10001
VOLUME ["/var/lib/pep-suite", "/var/lib/pep-suite-anchors"]
EXPOSE 8000
ENTRYPOINT ["python", "-m", "suite", "apart"]
CMD ["--help"]

# The same with PostgreSQL's own tools, which backup and restore call.
FROM suite AS desk
USER root
RUN apt-get update -qq \
 && apt-get install --yes -qq --no-install-recommends postgresql-client \
 && rm -rf /var/lib/apt/lists/*
USER 10001:10001
