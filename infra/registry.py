"""Where the images of a stack on Google Cloud are: versions that nobody can change, and old ones that go."""

import pulumi
from pulumi_gcp import artifactregistry as registry

from infra.settings import Settings

_DAY = 86_400
_KEPT_VERSIONS = 20


class Registry(pulumi.ComponentResource):
    """A repository of images that the nodes may read."""

    repository: registry.Repository

    def __init__(
        self, name: str, settings: Settings, reader: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("task-platform:infra:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        keep = registry.RepositoryCleanupPolicyArgs(
            id="keep-recent",
            action="KEEP",
            most_recent_versions=registry.RepositoryCleanupPolicyMostRecentVersionsArgs(keep_count=_KEPT_VERSIONS),
        )
        drop = registry.RepositoryCleanupPolicyArgs(
            id="drop-old",
            action="DELETE",
            condition=registry.RepositoryCleanupPolicyConditionArgs(tag_state="ANY", older_than=f"{90 * _DAY}s"),
        )
        self.repository = registry.Repository(
            name,
            repository_id=name,
            location=settings.gcp_region,
            format="DOCKER",
            docker_config=registry.RepositoryDockerConfigArgs(immutable_tags=True),
            cleanup_policies=[keep, drop],
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect_data),
        )
        registry.RepositoryIamMember(
            f"{name}-nodes",
            repository=self.repository.name,
            location=self.repository.location,
            role="roles/artifactregistry.reader",
            member=pulumi.Output.concat("serviceAccount:", reader),
            opts=child,
        )
        self.register_outputs({"name": self.repository.name})
