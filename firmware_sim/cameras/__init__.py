"""Cameras without hardware: moving scenes, every fault a camera can have, and the ways a real one is asked.

    from firmware_sim.cameras.scenes import Scene        # what one camera sees at a moment
    from firmware_sim.cameras.camera import Camera       # the same with faults, as JPEG, with its own clock
    from firmware_sim.cameras.server import CameraServer # HTTP picture and MJPEG, good and bad manners
    from firmware_sim.cameras import day                 # 500 cameras and 24 hours of truth

Drawing needs numpy and OpenCV; nothing is imported here, so that a campus without pictures runs without them.
"""
