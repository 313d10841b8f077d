"""The inputs of a job on disk: which frames there are, and all pictures that belong to one frame.

Knows files and windows, no colour and no engines.
"""

from mattebox.shot.pictures import Pictures
from mattebox.shot.remarks import doubts_about, remarks_on
from mattebox.shot.shot import Shot

__all__ = ["Pictures", "Shot", "doubts_about", "remarks_on"]
