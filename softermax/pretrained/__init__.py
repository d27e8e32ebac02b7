"""Pretrained models that package registries carry."""
