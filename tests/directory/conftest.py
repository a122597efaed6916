from tests.harness.desks import desk, still_desk

__all__ = ["desk", "still_desk"]
