"""The photographer's studio: solids, materials, light and camera for Blender's module. Lengths are centimetres."""
