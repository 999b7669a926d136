"""The REST interface: one module a resource; its models are its only definition (OpenAPI)."""
