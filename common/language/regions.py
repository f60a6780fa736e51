"""Countries, and states and provinces that people name to tell places apart: "Paris, Texas", "London ON"."""

from __future__ import annotations

from types import MappingProxyType

from common.language.words import Tokens

__all__ = ["COUNTRIES", "PROVINCES", "region_end"]


def _table(text: str) -> dict[str, str]:
    """Names by code, from "ch switzerland; fr france"."""
    rows = (row.split(maxsplit=1) for row in text.split(";"))
    return {code: name.strip() for code, name in rows}


_NAMES = _table(
    "ad andorra; ae united arab emirates; af afghanistan; ag antigua and barbuda; ai anguilla; al albania; am "
    "armenia; ao angola; ar argentina; as american samoa; at austria; au australia; aw aruba; ax aland islands; az "
    "azerbaijan; ba bosnia and herzegovina; bb barbados; bd bangladesh; be belgium; bf burkina faso; bg bulgaria; bh "
    "bahrain; bi burundi; bj benin; bl saint barthelemy; bm bermuda; bn brunei; bo bolivia; br brazil; bs bahamas; bt "
    "bhutan; bw botswana; by belarus; bz belize; ca canada; cd democratic republic of the congo; cf central african "
    "republic; cg republic of the congo; ch switzerland; ci ivory coast; ck cook islands; cl chile; cm cameroon; cn "
    "china; co colombia; cr costa rica; cu cuba; cv cape verde; cw curacao; cy cyprus; cz czechia; de germany; dj "
    "djibouti; dk denmark; dm dominica; do dominican republic; dz algeria; ec ecuador; ee estonia; eg egypt; er "
    "eritrea; es spain; et ethiopia; fi finland; fj fiji; fk falkland islands; fm micronesia; fo faroe islands; fr "
    "france; ga gabon; gb united kingdom; gd grenada; ge georgia; gf french guiana; gg guernsey; gh ghana; gi "
    "gibraltar; gl greenland; gm gambia; gn guinea; gp guadeloupe; gq equatorial guinea; gr greece; gt guatemala; gu "
    "guam; gw guinea-bissau; gy guyana; hk hong kong; hn honduras; hr croatia; ht haiti; hu hungary; id indonesia; ie "
    "ireland; il israel; im isle of man; in india; iq iraq; ir iran; is iceland; it italy; je jersey; jm jamaica; jo "
    "jordan; jp japan; ke kenya; kg kyrgyzstan; kh cambodia; ki kiribati; km comoros; kn saint kitts and nevis; kp "
    "north korea; kr south korea; kw kuwait; ky cayman islands; kz kazakhstan; la laos; lb lebanon; lc saint lucia; "
    "li liechtenstein; lk sri lanka; lr liberia; ls lesotho; lt lithuania; lu luxembourg; lv latvia; ly libya; ma "
    "morocco; mc monaco; md moldova; me montenegro; mf saint martin; mg madagascar; mh marshall islands; mk north "
    "macedonia; ml mali; mm myanmar; mn mongolia; mo macau; mp northern mariana islands; mq martinique; mr "
    "mauritania; ms montserrat; mt malta; mu mauritius; mv maldives; mw malawi; mx mexico; my malaysia; mz "
    "mozambique; na namibia; nc new caledonia; ne niger; ng nigeria; ni nicaragua; nl netherlands; no norway; np "
    "nepal; nr nauru; nu niue; nz new zealand; om oman; pa panama; pe peru; pf french polynesia; pg papua new guinea; "
    "ph philippines; pk pakistan; pl poland; pm saint pierre and miquelon; pr puerto rico; ps palestine; pt portugal; "
    "pw palau; py paraguay; qa qatar; re reunion; ro romania; rs serbia; ru russia; rw rwanda; sa saudi arabia; sb "
    "solomon islands; sc seychelles; sd sudan; se sweden; sg singapore; sh saint helena; si slovenia; sk slovakia; sl "
    "sierra leone; sm san marino; sn senegal; so somalia; sr suriname; ss south sudan; st sao tome and principe; sv "
    "el salvador; sx sint maarten; sy syria; sz eswatini; tc turks and caicos is; td chad; tg togo; th thailand; tj "
    "tajikistan; tl east timor; tm turkmenistan; tn tunisia; to tonga; tr turkey; tt trinidad and tobago; tv tuvalu; "
    "tw taiwan; tz tanzania; ua ukraine; ug uganda; us united states; uy uruguay; uz uzbekistan; va vatican; vc saint "
    "vincent; ve venezuela; vg british virgin islands; vi us virgin islands; vn vietnam; vu vanuatu; ws samoa; ye "
    "yemen; yt mayotte; za south africa; zm zambia; zw zimbabwe"
)
_ALSO = {
    "usa": "us", "u.s.": "us", "u.s.a.": "us", "america": "us", "united states of america": "us", "the us": "us",
    "the usa": "us", "the united states": "us", "the states": "us", "uk": "gb", "u.k.": "gb", "the uk": "gb",
    "britain": "gb", "great britain": "gb", "holland": "nl", "the netherlands": "nl", "czech republic": "cz",
    "the czech republic": "cz", "turkiye": "tr", "burma": "mm", "swaziland": "sz", "macedonia": "mk", "korea": "kr",
    "uae": "ae", "the uae": "ae", "the philippines": "ph", "the bahamas": "bs", "cote d'ivoire": "ci",
    "republic of ireland": "ie", "che": "ch", "deu": "de", "fra": "fr", "gbr": "gb", "ita": "it", "esp": "es",
    "aut": "at", "nld": "nl", "bel": "be", "can": "ca", "mex": "mx", "aus": "au", "nzl": "nz", "jpn": "jp", "chn": "cn",
    "ind": "in", "bra": "br", "arg": "ar", "irl": "ie", "swe": "se", "nor": "no", "dnk": "dk", "fin": "fi", "pol": "pl",
}  # fmt: skip
COUNTRIES = MappingProxyType(
    {**{name: code for code, name in _NAMES.items()}, **{code: code for code in _NAMES}, **_ALSO}
)
"""ISO 3166 codes in lower case by the names, codes and other words for a country, without accents and in lower case."""

PROVINCES = MappingProxyType(
    {
        "us": _table(
            "al alabama; ak alaska; az arizona; ar arkansas; ca california; co colorado; ct connecticut; de delaware; "
            "dc district of columbia; fl florida; ga georgia; hi hawaii; id idaho; il illinois; in indiana; ia iowa; "
            "ks kansas; ky kentucky; la louisiana; me maine; md maryland; ma massachusetts; mi michigan; mn minnesota; "
            "ms mississippi; mo missouri; mt montana; ne nebraska; nv nevada; nh new hampshire; nj new jersey; "
            "nm new mexico; ny new york; nc north carolina; nd north dakota; oh ohio; ok oklahoma; or oregon; "
            "pa pennsylvania; ri rhode island; sc south carolina; sd south dakota; tn tennessee; tx texas; ut utah; "
            "vt vermont; va virginia; wa washington; wv west virginia; wi wisconsin; wy wyoming; pr puerto rico"
        ),
        "ca": _table(
            "ab alberta; bc british columbia; mb manitoba; nb new brunswick; nl newfoundland and labrador; "
            "ns nova scotia; nt northwest territories; nu nunavut; on ontario; pe prince edward island; qc quebec; "
            "sk saskatchewan; yt yukon"
        ),
        "au": _table(
            "nsw new south wales; qld queensland; vic victoria; tas tasmania; act australian capital territory; "
            "sa south australia; wa western australia; nt northern territory"
        ),
        "gb": _table("eng england; sct scotland; wls wales; nir northern ireland"),
    }
)
"""Names of states, provinces and nations by country and abbreviation."""

_REGIONS = frozenset(name for name in COUNTRIES if len(name) > 3) | frozenset(
    name for table in PROVINCES.values() for name in table.values()
)
_SHORT = frozenset(name for name in COUNTRIES if len(name) <= 3) | frozenset(
    code for table in PROVINCES.values() for code in table
)
_LONGEST = 4


def region_end(tokens: Tokens, index: int) -> int:
    """The index behind the country, state or province named at `index`; 0 where none is. Codes count in capitals."""
    for size in range(_LONGEST, 0, -1):
        if index + size <= len(tokens) and " ".join(tokens.low[index : index + size]) in _REGIONS:
            return index + size
    raw = tokens.raw(index)
    return index + 1 if raw.isupper() and raw.lower() in _SHORT else 0
