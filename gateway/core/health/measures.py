"""What is measured of one picture, and what is told about the coming of pictures. Plain numbers, no verdicts."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Measures:
    """Numbers of one picture. Shares are from 0 to 1; brightness and its differences are in grey levels from 0 to 255.

    None means: could not be measured, because there is no reference or no picture shortly before.
    """

    # One picture alone.
    mean: float
    """Mean brightness."""
    contrast: float
    """Standard deviation of brightness over the picture."""
    dark: float
    """Share of pixels that are next to black."""
    bright: float
    """Share of pixels that are next to white."""
    flat: float
    """Share of blocks in which nothing at all can be seen, not even noise."""
    saturation: float
    """How much colour there is; a grey picture has next to none."""
    texture: float
    """Share of blocks with structure in them."""

    # Against the reference of this camera.
    usual_mean: float | None = None
    """Mean brightness of the reference."""
    usual_bright: float | None = None
    usual_texture: float | None = None
    votes: float | None = None
    """Share of blocks of the reference that are steady enough to be asked."""
    kept: float | None = None
    """Share of the asked blocks that still show what the reference shows there."""
    lost: float | None = None
    """Share of the asked blocks that show nothing of it any more."""
    area: float | None = None
    """Share of the whole picture that shows something else; blocks without structure are judged by their light."""
    detail: float | None = None
    """Fine structure, whatever it shows, over the reference's."""
    usual_lost: float | None = None
    """What is lost of it on ordinary days: people and cars that stand before it."""
    gain: float | None = None
    """Contrast of what is still there, over the contrast that it has in the reference."""
    offset: float | None = None
    """Brightness that lies over what is still there, beside the gain."""
    level: float | None = None
    """Brightness over the reference's, as the middle of all blocks has it."""
    ratio: float | None = None
    """Contrast inside the blocks, over the reference's, whatever it is that they show."""
    sharp: float | None = None
    """Fine detail at the same contrast, over the reference's."""
    noise: float | None = None
    """Grain that was not there in the reference."""
    cast: float | None = None
    """How far the colours lean to one side, all over the picture (natural logarithm)."""
    stripe: float | None = None
    """Amplitude of the strongest regular pattern that lies over the picture."""
    stripe_peak: float | None = None
    """How far that pattern stands out from everything of a like frequency (ratio of power)."""
    stripe_even: float | None = None
    """The share of the picture that the pattern lies over with the same strength."""
    residue: float | None = None
    """What lies over the structure of the reference inside the blocks, beyond the usual."""
    grid: float | None = None
    """How much harder edges are at the borders of coding blocks than between them, over the reference's."""
    crisp: float | None = None
    """Fine detail where the reference is seen, at the contrast with which it is seen."""
    shift_x: float | None = None
    """How far the picture lies beside the reference, as a share of its width; 0 if it fits best where it is."""
    shift_y: float | None = None
    """Likewise, downwards (as a share of the width too)."""
    aligned: float | None = None
    """How much of the two fits when they are laid together that way; None if they cannot be."""
    turned: float | None = None
    """Degrees by which it is turned; only if enough points of the reference are found again elsewhere."""
    zoomed: float | None = None
    """Its scale over the reference's; likewise."""

    # Against a picture shortly before.
    since_s: float | None = None
    """How long before."""
    change: float | None = None
    """Difference in the quieter half of the blocks."""
    change_most: float | None = None
    """Difference in the block that changed most, without the edges at the top and bottom, where cameras write."""
    change_edges: float | None = None
    """Share of the blocks at the top and bottom that changed at all."""
    usual_change: float | None = None
    """The least difference in the quieter half that the reference's own pictures had among each other."""
    usual_change_most: float | None = None
    usual_still: float | None = None
    """The longest run of the reference's pictures that were like the one before to the last bit, as a share of all."""
    fresh: float | None = None
    """Grain that was not there in the picture before, in the units of `noise`; measured only where there is noise."""
    churn: float | None = None
    """Share of the asked blocks that were lost and are there again, or the other way round."""
    grid_change: float | None = None
    """As `grid`, of the difference between the two pictures; 1 is a difference that knows no coding blocks."""

    def as_dict(self) -> dict[str, float | None]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def has_reference(self) -> bool:
        return self.lost is not None


@dataclass(frozen=True, slots=True)
class Timing:
    """What was heard of a camera's pictures since the last time, whether or not they were looked at."""

    at_s: float
    """Until when was listened, on the clock of `Health.see`."""
    received_s: tuple[float, ...] = ()
    """When pictures arrived, in order, on the same clock."""
    taken_s: tuple[float | None, ...] = ()
    """When the camera says it took them, in the same order; empty if it does not say."""
    taken_is_wall_clock: bool = False
    """`taken_s` is the time of day (seconds since 1970) rather than a stream's own count."""
    offset_s: float = 0.0
    """Seconds to add to `received_s` to have seconds since 1970; matters only with `taken_is_wall_clock`."""
    size: tuple[int, int] | None = None
    """Width and height of the last picture."""
    since_s: float | None = None
    """Since when was listened without a break; None: on from the last Timing. A new connection begins anew."""
