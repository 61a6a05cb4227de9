# The controller and its migrations, as one image: `node dist/main.js`, or `node dist/migrate.js` for the migration job.
# Holds no secret and no lab: configuration comes from the environment, PostgreSQL from elsewhere.

FROM node:24-bookworm-slim AS build
WORKDIR /app
# Optional packages are the lab's: a PostgreSQL and a Node for machines that have none.
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=optional --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY openapi openapi
COPY src src
RUN npm run build && rm -rf dist/lab && npm prune --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_ENV=production CASM_HOST=0.0.0.0 CASM_PORT=8080
WORKDIR /app
# All of it belongs to root: the process can read its program, never change it.
COPY package.json ./
COPY migrations migrations
COPY openapi openapi
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.CASM_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
