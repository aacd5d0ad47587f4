"""Running code that people wrote: never in this process, never without a jail that was seen to hold.

`choice.run` is the door. A run is a fresh process: `jail.py` starts it with an empty environment in the best of the
tiers whose self-test passed here, `inside/` is what runs in it, `run.py` listens to it and believes nothing it says.
"""
