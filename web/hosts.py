"""Names and addresses of machines: which of them mean the machine itself."""

from ipaddress import ip_address


def is_loopback(name: str) -> bool:
    """Whether the name or address is that of the machine itself to itself."""
    try:
        address = ip_address(name)
    except ValueError:
        return name.lower() == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
