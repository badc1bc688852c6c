"""What the bytes of a picture mean: one set of rules for the stream, the views and whoever else looks at pixels.

    formats       JPEG, PNG and WebP; anything else is refused, whatever its name says
    grey          one channel; all else has three: red, green, blue
    orientation   EXIF's is applied: pixels and sizes are those of the upright picture
    transparency  dropped, not blended, as by Pillow's `convert`: what lies beneath it shows. A palette's, too
    palettes      looked up: three channels
    16 bits       grey is divided by 257 and rounded, so that white stays white; of colour Pillow gives the upper
                  8 bits, at most one level less
    CMYK          taken as inverted, as Adobe writes it, marker or not, and converted without a profile, as by Pillow:
                  red = (255 - cyan) (255 - black) / 255
    profiles      ICC profiles, whole or broken, are not applied
    animations    the first picture
    damage        refused: also a JPEG without its end, of which others show a part above grey. What is wrong beside
                  the coded pixels only (bytes before the end marker, an odd version) does no harm
    size          at most `MAX_PIXELS` as declared, looked at before anything is decoded; a progressive JPEG has at
                  most 100 scans

Whatever is refused raises ValueError, so that a stream replaces the sample.
"""
