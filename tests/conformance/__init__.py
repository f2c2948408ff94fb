"""The Dapr API as cases that every runtime has to pass."""
