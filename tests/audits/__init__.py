"""Audits of the pages with external tools: `make lighthouse`, `make validate`, `make access`, `make screens`.

Some need Node.js or Java besides Chromium, so they are not part of `make test`.
"""
