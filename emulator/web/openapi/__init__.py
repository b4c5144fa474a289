"""The platform's surface as an OpenAPI 3.1 document, made from the table that serves it."""
