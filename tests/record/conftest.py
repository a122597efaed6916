from tests.rooms.conftest import matrix, place, same_place

__all__ = ["matrix", "place", "same_place"]
