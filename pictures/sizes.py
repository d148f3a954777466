"""How large a picture needs to be for a model."""


def embedding_size(size: tuple[int, int], useful_edge: int) -> tuple[int, int]:
    """The size at which a picture embeds like the original of `size`, which is kept if it is no larger.

    It is exactly twice the size that the preprocessing of CLIP's kind gives the whole picture: shortest edge
    `useful_edge`, longest edge rounded down. Else the two could differ by a pixel there, and the crop from the middle,
    and with it the vector, would move.
    """
    shortest = min(size)
    if shortest <= 2 * useful_edge:
        return size
    return 2 * (useful_edge * size[0] // shortest), 2 * (useful_edge * size[1] // shortest)
