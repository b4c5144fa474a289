"""Operations on one stream that the platform does not have: publishers, viewers, targets."""
