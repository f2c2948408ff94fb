"""What is deployed, as data: the catalogue of services and the Dapr components that follow from it."""
