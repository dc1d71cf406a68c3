"""Makes world.bin from Natural Earth's countries at 1:110 million (public domain).

    npm pack world-atlas@2.0.2 i18n-iso-countries@7.14.0     # ISC, MIT; unpack both
    python3 derive.py world-atlas/package/countries-110m.json i18n-iso-countries/package/codes.json world.bin

world-atlas 2.0.2 holds Natural Earth 4.1.0 as TopoJSON: borders that countries share are there once. From the
other package only the table of ISO 3166-1 codes is used, numeric to two letters. Borders are Natural Earth's,
which shows who controls a place, not who claims it. Kosovo, which ISO does not list, gets the customary XK;
Northern Cyprus and Somaliland have no code.

The file, all numbers as LEB128 varints, signed ones zigzag: number of arcs; each: number of points, the first
point, then differences, as longitude and latitude in hundredths of a degree. Number of countries; each: two
letters (-- for none), length of the name, the name, number of polygons; each: number of rings (the first is the
outer one); each: number of arcs, then their numbers, ~n for an arc that runs backwards.
"""

import json
import sys


def main(atlas_path, codes_path, out_path):
    atlas = json.load(open(atlas_path))
    codes = {numeric: two for two, _, numeric, *_ in json.load(open(codes_path))}
    out = bytearray()
    (x_scale, y_scale), (x_shift, y_shift) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    unsigned(out, len(atlas["arcs"]))
    for arc in atlas["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            point = (round(100 * (x * x_scale + x_shift)), round(100 * (y * y_scale + y_shift)))
            if not points or points[-1] != point or len(points) < 2:
                points.append(point)
        unsigned(out, len(points))
        last = (0, 0)
        for point in points:
            signed(out, point[0] - last[0])
            signed(out, point[1] - last[1])
            last = point
    countries = atlas["objects"]["countries"]["geometries"]
    unsigned(out, len(countries))
    for country in countries:
        name = country["properties"]["name"]
        code = codes.get(country.get("id"), "XK" if name == "Kosovo" else "--")
        out += code.encode("ascii")
        unsigned(out, len(name.encode()))
        out += name.encode()
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        unsigned(out, len(polygons))
        for rings in polygons:
            unsigned(out, len(rings))
            for ring in rings:
                unsigned(out, len(ring))
                for arc in ring:
                    signed(out, arc)
    open(out_path, "wb").write(out)
    print(len(countries), "countries,", len(out), "bytes")


def unsigned(out, number):
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def signed(out, number):
    unsigned(out, number << 1 if number >= 0 else (-number << 1) - 1)


main(*sys.argv[1:])
