from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0003_combinations_and_travel'),
    ]

    operations = [
        migrations.CreateModel(
            name='SetUp',
            fields=[
                ('token', models.UUIDField(primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name_plural': 'set-up',
            },
        ),
    ]
