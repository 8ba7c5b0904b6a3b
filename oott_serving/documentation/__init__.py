"""The OpenAPI document, with a true example of each error."""
