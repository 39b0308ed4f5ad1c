"""What a report looks like: workbook, CSV files and manifest, published whole or not at all."""

from itsm_bridge.report.build import build, build_all, build_copies
from itsm_bridge.report.copies import Copies
from itsm_bridge.report.published import Published, PublishedFile

__all__ = ["Copies", "Published", "PublishedFile", "build", "build_all", "build_copies"]
