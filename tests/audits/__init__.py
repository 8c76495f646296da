"""What a browser vendor's and the W3C's own tools say of the pages: `make lighthouse`, `make validate`, `make screens`.

They need Node.js or Java beside Chromium, and so are no part of `make test`.
"""
