"""Detector and pose network in training: pictures of people, and their tasks."""
