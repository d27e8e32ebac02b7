"""Verification beyond simulation of whole units: what is proven, and how well it is tested."""
