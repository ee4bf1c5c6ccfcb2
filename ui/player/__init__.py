"""The player of the desk: frame-exact video with overlays and lanes, as one gradio component."""

from ui.player.clips import Clip, ClipShelf
from ui.player.component import build_player, player_value
from ui.player.lanes import Lane, Mark, Span, SpanLane, ValueLane
from ui.player.routes import player_routes

__all__ = [
    "Clip",
    "ClipShelf",
    "Lane",
    "Mark",
    "Span",
    "SpanLane",
    "ValueLane",
    "build_player",
    "player_routes",
    "player_value",
]
