"""What a report looks like: workbook, CSV files and manifest, published whole or not at all."""

from itsm_bridge.report.build import Published, PublishedFile, build

__all__ = ["Published", "PublishedFile", "build"]
