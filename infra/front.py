"""What Google's load balancer shows to the outside: an address that stays, and a certificate that renews itself."""

import pulumi
from pulumi_gcp.certificatemanager import (
    Certificate,
    CertificateManagedArgs,
    CertificateMap,
    CertificateMapEntry,
)
from pulumi_gcp.compute import GlobalAddress

from infra.settings import Settings


class Front(pulumi.ComponentResource):
    """The address and the certificate; a gateway names both."""

    address: pulumi.Output[str]
    address_name: pulumi.Output[str]
    certificates: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Front", name, None, opts)
        keep = pulumi.ResourceOptions(parent=self, protect=settings.protect_data)
        reserved = GlobalAddress(name, opts=keep)
        self.address, self.address_name = reserved.address, reserved.name
        self.certificates = self._certificates(name, settings.host)
        self.register_outputs({"address": self.address})

    def _certificates(self, name: str, host: str) -> pulumi.Output[str]:
        """Return the name of the map, by way of its entry: without one it has no certificate to show."""
        child = pulumi.ResourceOptions(parent=self)
        managed = CertificateManagedArgs(domains=[host])
        certificate = Certificate(name, managed=managed, opts=child)
        found = CertificateMap(name, opts=child)
        entry = CertificateMapEntry(name, map=found.name, certificates=[certificate.id], hostname=host, opts=child)
        return pulumi.Output.all(found.name, entry.id).apply(lambda both: str(both[0]))
