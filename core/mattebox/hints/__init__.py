"""Other people's matting tools, run beside Mattebox: recipes, where they are, their processes."""

from mattebox.hints.mattes import found_mattes, read_made_matte
from mattebox.hints.process import ToolRun, run_tool
from mattebox.hints.recipe import Recipe, read_recipes, recipe_named, settings_folder
from mattebox.hints.tools import Tool, open_tool, remember_values

__all__ = [
    "Recipe",
    "Tool",
    "ToolRun",
    "found_mattes",
    "open_tool",
    "read_made_matte",
    "read_recipes",
    "recipe_named",
    "remember_values",
    "run_tool",
    "settings_folder",
]
