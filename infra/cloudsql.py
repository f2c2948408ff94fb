"""PostgreSQL by Cloud SQL: a private address in the cluster's network, backed up, and in two zones."""

import pulumi
from pulumi_gcp import compute, servicenetworking, sql

from infra.credentials import generated
from infra.network import Destination, network
from infra.postgres import PORT, USER, Database, connection_string
from infra.settings import Settings
from infra.vpc import Vpc

_PREFIX = 20
_CONNECTIONS = "400"


class CloudSql(pulumi.ComponentResource):
    """The instance, its one database and the user that owns it."""

    database: Database

    def __init__(self, name: str, settings: Settings, vpc: Vpc, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:CloudSql", name, None, opts)
        self._stem, self._settings = name, settings
        self._keep = pulumi.ResourceOptions(
            parent=self, protect=settings.protect_data, retain_on_delete=settings.protect_data
        )
        instance = self._instance(vpc, self._peering(vpc))
        owned = sql.Database(name, name=USER, instance=instance.name, opts=self._keep)
        password = generated(f"{name}-password", self)
        user = sql.User(
            name,
            name=USER,
            instance=instance.name,
            password=password,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[owned]),
        )
        address = instance.private_ip_address
        # By way of the user, so that nobody is told of the database before it can be used.
        host = pulumi.Output.all(address, user.id).apply(lambda found: str(found[0]))
        self.database = Database(
            connection_string(host, password, "require"),
            (Destination(network(pulumi.Output.concat(address, "/32")), (PORT,)),),
        )
        self.register_outputs({"instance": instance.name})

    def _peering(self, vpc: Vpc) -> servicenetworking.Connection:
        child = pulumi.ResourceOptions(parent=self)
        addresses = compute.GlobalAddress(
            f"{self._stem}-services",
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            prefix_length=_PREFIX,
            network=vpc.network.id,
            opts=child,
        )
        return servicenetworking.Connection(
            self._stem,
            network=vpc.network.id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[addresses.name],
            opts=child,
        )

    def _instance(self, vpc: Vpc, peering: servicenetworking.Connection) -> sql.DatabaseInstance:
        settings = self._settings
        backups = sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=True, point_in_time_recovery_enabled=True, start_time="02:00"
        )
        address = sql.DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False, private_network=vpc.network.id, ssl_mode="ENCRYPTED_ONLY"
        )
        return sql.DatabaseInstance(
            self._stem,
            database_version="POSTGRES_16",
            region=settings.gcp_region,
            deletion_protection=settings.protect_data,
            settings=sql.DatabaseInstanceSettingsArgs(
                tier=settings.cloud_sql_tier,
                edition="ENTERPRISE",
                availability_type="REGIONAL",
                disk_autoresize=True,
                backup_configuration=backups,
                ip_configuration=address,
                database_flags=[
                    sql.DatabaseInstanceSettingsDatabaseFlagArgs(name="max_connections", value=_CONNECTIONS)
                ],
                deletion_protection_enabled=settings.protect_data,
            ),
            opts=pulumi.ResourceOptions.merge(self._keep, pulumi.ResourceOptions(depends_on=[peering])),
        )
