"""The pack as Pulumi's engine starts it; it speaks to the engine until that ends it."""

from pulumi_policy import EnforcementLevel, PolicyPack

from infra.policy.pack import POLICIES

PolicyPack(name="task-platform", policies=list(POLICIES), enforcement_level=EnforcementLevel.MANDATORY)
