"""What a stack's program would make, without Pulumi's engine, a cluster or a credential: `make preview STACK=gke`."""
