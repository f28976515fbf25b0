"""The vendor's products, which do not exist: name, versions as they came out, usual quantities."""

from typing import NamedTuple

SEATS = (1, 2, 3, 5, 5, 10, 10, 15, 25, 40, 100)
SERVERS = (1, 1, 1, 2, 4)
DEVICES = (10, 25, 50, 50, 120, 250, 500)


class Product(NamedTuple):
    name: str
    versions: tuple[str, ...]
    quantities: tuple[int, ...]


PRODUCTS = (
    Product("Norrvane Studio", ("8.0", "8.1", "8.2"), SEATS),
    Product("Norrvane Studio Viewer", ("8.0", "8.2"), SEATS),
    Product("Norrvane Simulation", ("4.3", "5.0"), SEATS),
    Product("Norrvane Runtime", ("3.8", "3.9", "4.0"), DEVICES),
    Product("Norrvane Monitor", ("2.4", "2.5", "3.0"), SEATS),
    Product("Norrvane Batch Server", ("6.1", "6.2"), SERVERS),
    Product("Norrvane Gateway for OPC UA", ("1.7", "1.8", "2.0"), SERVERS),
    Product("Norrvane Report Designer", ("11", "12"), SEATS),
    Product("Norrvane Training Edition", ("8.0", "8.1", "8.2"), SEATS),
    Product("Okulin Inspector", ("2023", "2023 R2"), SEATS),
    Product("Okulin Calibration", ("",), SEATS),
    Product("Prüfplan Manager", ("5.5", "5.6", "6.0"), SEATS),
    Product("Kieselgrund Data Logger", ("1.12", "1.13"), DEVICES),
)
# Where people are whose licenses are computed in a time zone of their own.
ELSEWHERE = (
    *("America/Chicago", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Singapore"),
    *("Australia/Sydney", "Pacific/Auckland"),
)
REVOKED_BECAUSE = (
    "The computer was stolen.",
    "Activated for the wrong person.",
    "Moved to another plant, is activated there again.",
    "Rechner ausgetauscht.",
    "Left the company.",
)
