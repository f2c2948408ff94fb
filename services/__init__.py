"""The five microservices, and the kit that they share."""
