"""What no program of ours may ask for, as a policy pack of Pulumi's CrossGuard: `pulumi up --policy-pack infra/policy`.

It sees what is registered, so also what a later change adds. What a chart makes inside the cluster it does not see.
"""
