"""Payloads of each vendor as rows: real ones where there are any, else made from the vendors' own field lists."""

from __future__ import annotations

import json

PLATE = "777QQZ77"
"""Marked: it stands nowhere else in the repository, so wherever it is found, it leaked."""


def hikvision(
    *,
    uuid: str = "uuid-1",
    mac: str = "d4:e8:53:bc:4c:02",
    at: str = "2026-11-22T12:00:10+05:00",
    code: str = "",
    namespace: str = "http://www.hikvision.com/ver20/XMLSchema",
    event_type: str = "ANPR",
    plate: str = PLATE,
    top: str = "",
    inner: str = "",
    speed: str = "<vehicleInfo><index>8050</index><speed>96</speed></vehicleInfo>",
) -> bytes:
    """An alert of the fields of the real one that matter, with its pictures' list."""
    offence = (
        f"<illegalInfo><illegalCode>{code}</illegalCode><illegalName>x</illegalName></illegalInfo>" if code else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="{namespace}">
<ipAddress>10.199.27.128</ipAddress><portNo>8888</portNo><protocol>HTTP</protocol>
<macAddress>{mac}</macAddress><channelID>1</channelID><dateTime>{at}</dateTime>
<activePostCount>1</activePostCount><eventType>{event_type}</eventType><eventState>active</eventState>
<eventDescription>ANPR</eventDescription><channelName>Camera 01</channelName>
<ANPR><country>3</country><licensePlate>{plate}</licensePlate><line>2</line><direction>reverse</direction>
<confidenceLevel>97</confidenceLevel><plateType>unknown</plateType><plateColor>unknown</plateColor>
<plateCharBelieve>99,99,99,99,99,99,99</plateCharBelieve><vehicleType>vehicle</vehicleType><speedLimit>60</speedLimit>
<alarmDataType>0</alarmDataType>{offence}{speed}{inner}
<pictureInfoList><pictureInfo><fileName>licensePlatePicture.jpg</fileName><type>licensePlatePicture</type>
<absTime>20240119111719654</absTime></pictureInfo><pictureInfo><fileName>detectionPicture.jpg</fileName>
<type>detectionPicture</type><plateRect><X>691</X><Y>397</Y><width>59</width><height>34</height></plateRect>
</pictureInfo></pictureInfoList><originalLicensePlate>{plate}</originalLicensePlate></ANPR>
<UUID>{uuid}</UUID><picNum>2</picNum><monitoringSiteID></monitoringSiteID>
<isDataRetransmission>false</isDataRetransmission>{top}
<DeviceGPSInfo><longitudeType>E</longitudeType><latitudeType>N</latitudeType>
<Longitude><degree>51</degree><minute>9</minute><sec>36.000000</sec></Longitude>
<Latitude><degree>43</degree><minute>40</minute><sec>10.000000</sec></Latitude></DeviceGPSInfo>
</EventNotificationAlert>
""".encode()


def openalpr(**changes: object) -> bytes:
    """A group of frames that show one vehicle."""
    row = {
        "data_type": "alpr_group",
        "version": 2,
        "epoch_start": 1795330810000,
        "epoch_end": 1795330812000,
        "agent_uid": "AGENT1",
        "camera_id": 7,
        "gps_latitude": 43.65,
        "gps_longitude": 51.16,
        "best_uuid": "AGENT1-7-1795330810000",
        "best_plate_number": PLATE,
        "best_confidence": 91.5,
        "best_plate": {"plate": PLATE, "confidence": 91.5},
        "vehicle": {"body_type": [{"name": "sedan-standard", "confidence": 80}]},
        "candidates": [{"plate": PLATE, "confidence": 91.5}],
    }
    return json.dumps(row | changes).encode()


def plate_recognizer(**changes: object) -> bytes:
    """A webhook of Stream, with two vehicles."""
    result = {
        "plate": PLATE,
        "score": 0.9,
        "region": {"code": "kz"},
        "vehicle": {"type": "Sedan", "score": 0.8},
        "candidates": [{"plate": PLATE, "score": 0.9}],
    }
    data = {
        "camera_id": "gate-3",
        "filename": f"gate-3_{PLATE}.jpg",
        "timestamp": "2026-11-22T07:00:10.123456Z",
        "timestamp_local": "2026-11-22 12:00:10.123456+05:00",
        "results": [result, result | {"plate": PLATE[::-1]}],
    }
    return json.dumps({"hook": {"id": "hook-1", "event": "recognition"}, "data": data | changes}).encode()


def dahua(code: str = "TrafficOverSpeed", **changes: object) -> bytes:
    """An event as the cameras push it."""
    data = {
        "EventID": 516,
        "GroupID": 175706653,
        "Lane": 2,
        "Speed": 96,
        "SpeedLimit": [0, 60],
        "UTC": 1795330810,
        "UTCMS": 250,
        "TrafficCar": {"PlateNumber": PLATE, "VehicleSize": "Light-duty", "MachineAddress": "SN-DH-1"},
    }
    return json.dumps({"Code": code, "Action": "Pulse", "Index": 0, "Data": data | changes}).encode()


def dahua_flow(vehicles: int = 17) -> bytes:
    """A passage count: no vehicle in particular."""
    flow = {"Lane": 1, "Flow": vehicles, "UTC": 1795330810, "UTCMS": 0, "MachineID": "SN-DH-1", "Sequence": 3}
    return json.dumps({"Code": "TrafficFlowStat", "Action": "Pulse", "Index": 0, "Data": flow}).encode()
