"""What counts as visible in a request's text, as a pattern that OpenAPI can tell."""

from __future__ import annotations

__all__ = ["VISIBLE"]

_RANGES = """
21-7e a1-ac ae-377 37a-37d 388-38a 38e-3a1 3a3-3f5 3f7-481 48a-52f 531-556 560-588 5d0-5ea 5ef-5f2 620-64a 660-669
671-6d3 6ee-6fc 712-72f 74d-7a5 7c0-7ea 800-815 840-858 860-86a 870-887 889-88e 8a0-8c9 904-939 958-961 966-96f
971-980 985-98c 993-9a8 9aa-9b0 9b6-9b9 9df-9e1 9e6-9f1 9f4-9f9 a05-a0a a13-a28 a2a-a30 a59-a5c a66-a6f a72-a74
a85-a8d a8f-a91 a93-aa8 aaa-ab0 ab5-ab9 ae6-aef b05-b0c b13-b28 b2a-b30 b35-b39 b5f-b61 b66-b6f b71-b77 b85-b8a
b8e-b90 b92-b95 ba8-baa bae-bb9 be6-bf2 c05-c0c c0e-c10 c12-c28 c2a-c39 c58-c5a c66-c6f c78-c7e c85-c8c c8e-c90
c92-ca8 caa-cb3 cb5-cb9 ce6-cef d04-d0c d0e-d10 d12-d3a d54-d56 d58-d61 d66-d78 d7a-d7f d85-d96 d9a-db1 db3-dbb
dc0-dc6 de6-def e01-e30 e40-e46 e50-e59 e86-e8a e8c-ea3 ea7-eb0 ec0-ec4 ed0-ed9 edc-edf f20-f33 f40-f47 f49-f6c
f88-f8c 1000-102a 103f-1049 1050-1055 105a-105d 106e-1070 1075-1081 1090-1099 10a0-10c5 10d0-10fa 10fc-115e
1161-1248 124a-124d 1250-1256 125a-125d 1260-1288 128a-128d 1290-12b0 12b2-12b5 12b8-12be 12c2-12c5 12c8-12d6
12d8-1310 1312-1315 1318-135a 1369-137c 1380-138f 13a0-13f5 13f8-13fd 1401-166c 166f-167f 1681-169a 16a0-16ea
16ee-16f8 1700-1711 171f-1731 1740-1751 1760-176c 176e-1770 1780-17b3 17e0-17e9 17f0-17f9 1810-1819 1820-1878
1880-1884 1887-18a8 18b0-18f5 1900-191e 1946-196d 1970-1974 1980-19ab 19b0-19c9 19d0-19da 1a00-1a16 1a20-1a54
1a80-1a89 1a90-1a99 1b05-1b33 1b45-1b4c 1b50-1b59 1b83-1ba0 1bae-1be5 1c00-1c23 1c40-1c49 1c4d-1c7d 1c80-1c88
1c90-1cba 1cbd-1cbf 1ce9-1cec 1cee-1cf3 1d00-1dbf 1e00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f5f-1f7d
1f80-1fb4 1fb6-1fbc 1fc2-1fc4 1fc6-1fcc 1fd0-1fd3 1fd6-1fdb 1fe0-1fec 1ff2-1ff4 1ff6-1ffc 2074-2079 207f-2089
2090-209c 210a-2113 2119-211d 212a-212d 212f-2139 213c-213f 2145-2149 2150-2189 2460-249b 24ea-24ff 2776-2793
2c00-2ce4 2ceb-2cee 2d00-2d25 2d30-2d67 2d80-2d96 2da0-2da6 2da8-2dae 2db0-2db6 2db8-2dbe 2dc0-2dc6 2dc8-2dce
2dd0-2dd6 2dd8-2dde 3005-3007 3021-3029 3031-3035 3038-303c 3041-3096 309d-309f 30a1-30fa 30fc-30ff 3105-312f
3131-3163 3165-318e 3192-3195 31a0-31bf 31f0-31ff 3220-3229 3248-324f 3251-325f 3280-3289 32b1-32bf 3400-4dbf
4e00-a48c a4d0-a4fd a500-a60c a610-a62b a640-a66e a67f-a69d a6a0-a6ef a717-a71f a722-a788 a78b-a7ca a7d5-a7d9
a7f2-a801 a803-a805 a807-a80a a80c-a822 a830-a835 a840-a873 a882-a8b3 a8d0-a8d9 a8f2-a8f7 a900-a925 a930-a946
a960-a97c a984-a9b2 a9cf-a9d9 a9e0-a9e4 a9e6-a9fe aa00-aa28 aa40-aa42 aa44-aa4b aa50-aa59 aa60-aa76 aa7e-aaaf
aab9-aabd aadb-aadd aae0-aaea aaf2-aaf4 ab01-ab06 ab09-ab0e ab11-ab16 ab20-ab26 ab28-ab2e ab30-ab5a ab5c-ab69
ab70-abe2 abf0-abf9 ac00-d7a3 d7b0-d7c6 d7cb-d7fb f900-fa6d fa70-fad9 fb00-fb06 fb13-fb17 fb1f-fb28 fb2a-fb36
fb38-fb3c fb46-fbb1 fbd3-fd3d fd50-fd8f fd92-fdc7 fdf0-fdfb fe70-fe74 fe76-fefc ff10-ff19 ff21-ff3a ff41-ff5a
ff66-ff9f ffa1-ffbe ffc2-ffc7 ffca-ffcf ffd2-ffd7 ffda-ffdc 1f300-1f64f 1f680-1f6d7 20000-2a6df
"""
"""Runs of letters, digits and signs, by code point, in every script of the Basic Multilingual Plane; and pictures."""

VISIBLE = "[" + "".join("-".join(chr(int(end, 16)) for end in run.split("-")) for run in _RANGES.split()) + "]"
"""Matches a text that has at least one such character."""
